// What shows files is fetched with the first file.

export const attachments = () => import("./Attachments.svelte");
