/** What `node dist/main.js` starts. The program is loaded after the check: libraries fail to load on an older Node.js. */
import './requireNode.js';

await import('./oneFile.js');
