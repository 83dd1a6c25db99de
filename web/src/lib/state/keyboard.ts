// How much of the page a phone's keyboard covers, where the browser lays it over the page instead of shrinking it: what stands at the foot
// keeps above it.

export function aboveKeyboard(node: HTMLElement): () => void {
  const view = window.visualViewport;
  if (!view) return () => undefined;
  const measure = (): void => {
    const covered = Math.max(0, window.innerHeight - view.height - view.offsetTop);
    // A bar of the browser's own comes and goes as well; a keyboard is taller.
    node.style.setProperty("--keyboard", view.scale === 1 && covered > 80 ? `${Math.round(covered)}px` : "0px");
  };
  view.addEventListener("resize", measure);
  view.addEventListener("scroll", measure);
  // Not at once: to ask now would lay out the page while it is being made.
  const first = requestAnimationFrame(measure);
  return () => {
    cancelAnimationFrame(first);
    view.removeEventListener("resize", measure);
    view.removeEventListener("scroll", measure);
  };
}
