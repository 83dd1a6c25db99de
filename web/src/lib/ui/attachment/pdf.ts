// pdf.js, with its worker under the page's own policy. Loaded when the first PDF is looked at.
import { getDocument, GlobalWorkerOptions, TextLayer, type PDFDocumentProxy, type PDFPageProxy } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";
import { ownScript } from "../../trusted";

GlobalWorkerOptions.workerPort = new Worker(ownScript(workerUrl), { type: "module" });

export type { PDFDocumentProxy };

export async function openPdf(blob: Blob): Promise<PDFDocumentProxy> {
  return getDocument({
    data: await blob.arrayBuffer(),
    // The page's policy lets no second worker come from a plain address, and no wasm but its own is served.
    disableWorkerRendering: true,
    useWasm: false,
    enableXfa: false,
    verbosity: 0,
  }).promise;
}

/** Draws a page into its canvas, so wide, with its words as text above it: they can be marked, found and read out. */
export async function drawPage(
  page: PDFPageProxy,
  canvas: HTMLCanvasElement,
  words: HTMLElement,
  width: number,
): Promise<void> {
  const scale = width / page.getViewport({ scale: 1 }).width;
  const viewport = page.getViewport({ scale });
  const sharp = Math.min(2, devicePixelRatio || 1);
  canvas.width = Math.floor(viewport.width * sharp);
  canvas.height = Math.floor(viewport.height * sharp);
  await page.render({ canvas, viewport: page.getViewport({ scale: scale * sharp }) }).promise;
  words.replaceChildren();
  words.style.setProperty("--total-scale-factor", String(scale));
  await new TextLayer({ textContentSource: page.streamTextContent(), container: words, viewport }).render();
}
