/**
 * The XMP packet of an image: the IPTC properties "Digital Source Type", "AI System Used", and "AI System Version Used"
 * (IPTC Photo Metadata Standard 2025.1), the program, and the id of the sample.
 */
import type { Generator, Provenance } from './provenance.js';
import { sourceTypeUrl } from './provenance.js';

export function xmpPacket({ name, version }: Generator, { sampleId, sourceType, model }: Provenance): string {
  const properties = {
    'Iptc4xmpExt:DigitalSourceType': sourceTypeUrl(sourceType),
    ...(model === null ? {} : { 'Iptc4xmpExt:AISystemUsed': name, 'Iptc4xmpExt:AISystemVersionUsed': model }),
    'xmp:CreatorTool': `${name} ${version}`,
    'xmpMM:DocumentID': `urn:uuid:${sampleId}`,
  };
  const attributes = Object.entries(properties).map(([property, value]) => `   ${property}="${escape(value)}"`);
  return `<?xpacket begin="\u{feff}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
   xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
   xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
${attributes.join('\n')}/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
