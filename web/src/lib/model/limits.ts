// How large things may be, as core has it: core/src/limits.rs, by the same names. A test holds the two together; here only what is used is loaded.

/** Characters, as `ui/characters` counts them. */
export const TITLE_CHARS = 255;
export const WORKSPACE_NAME_CHARS = 80;
export const NAME_CHARS = 64;
/** Bytes. */
export const EDITED_BYTES = 64 * 1024;
export const ATTACHMENT_BYTES = 25 * 1024 * 1024;
/** Files on one message. */
export const ATTACHMENTS = 20;
/** Items on one page of a list. */
export const PAGE = 100;
/** Workspaces whose news come on one stream. */
export const WATCHED = 50;
