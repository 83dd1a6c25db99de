// A dialog of the platform's own over the page: while it stands it has the focus, and then gives it back to where it was.
import type { Attachment } from "svelte/attachments";

export const modal: Attachment<HTMLDialogElement> = (node) => {
  const before = document.activeElement;
  node.showModal();
  return () => {
    node.close();
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  };
};
