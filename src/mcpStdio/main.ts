/**
 * `node dist/mcpStdio/main.js`: the tools over standard input and output, for a program that starts this one. It calls the
 * service at DEFECTDIFFU_URL with DEFECTDIFFU_API_KEY. Nothing else may be written to the standard output.
 */
import '../requireNode.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { packageVersion } from '../service/version.js';
import { createApi } from '../mcp/api.js';
import { createMcpServer } from '../mcp/server.js';

const DEFAULT_URL = 'http://127.0.0.1:4000/graphql';

async function main(): Promise<void> {
  const { DEFECTDIFFU_URL: url = DEFAULT_URL, DEFECTDIFFU_API_KEY: key } = process.env;
  if (key === undefined || key === '') throw new Error('set DEFECTDIFFU_API_KEY to a key of your tenant');
  if (!URL.canParse(url)) throw new Error(`DEFECTDIFFU_URL: "${url}" is not a URL such as ${DEFAULT_URL}`);
  const server = createMcpServer(createApi({ url, authorization: `Bearer ${key}` }), packageVersion());
  await server.connect(new StdioServerTransport());
}

main().catch((error: unknown) => {
  process.stderr.write(`The MCP server cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
