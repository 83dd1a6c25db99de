// What a person pastes to connect an agent. Pure text, so that tests can hold it against what clients expect.

/** The variable that holds the token: a secret belongs into the environment, not into a file that gets committed. */
export const TOKEN_VARIABLE = "AGENTRQ_TOKEN";

/** How Claude Code connects. Over HTTP it registers a channel only at the address that speaks no later revision than 2025-11-25. */
export type Transport = "sse" | "http";

/** The address without a token in it: the token travels in a header. */
export function bareUrl(mcpUrl: string): string {
  const url = new URL(mcpUrl);
  url.searchParams.delete("token");
  return url.toString();
}

/** Where Claude Code connects over this transport. */
export const addressFor = (url: string, transport: Transport): string =>
  transport === "http" ? url.replace("/mcp/", "/channel/") : url;

export const exportLine = (token: string): string => `export ${TOKEN_VARIABLE}=${token}`;

const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

export function mcpJson(url: string, transport: Transport = "sse"): string {
  const headers = { Authorization: `Bearer \${${TOKEN_VARIABLE}}` };
  return pretty({ mcpServers: { agentrq: { type: transport, url: addressFor(url, transport), headers } } });
}

/** Single quotes: the shell must leave the variable to Claude Code, so that no file holds the token. */
export const addLine = (url: string, transport: Transport = "sse"): string =>
  `claude mcp add --transport ${transport} --scope project agentrq '${addressFor(url, transport)}' --header 'Authorization: Bearer \${${TOKEN_VARIABLE}}'`;

export const startLine = "claude --dangerously-load-development-channels server:agentrq";

/** The variable by which sessions of Claude Code share a list. */
const LIST_VARIABLE = "CLAUDE_CODE_TASK_LIST_ID";

/** The hooks that tell of a session's own list. A header may name the variables that are allowed to stand in it, and no others; one that is not set is empty. */
export function hooksJson(url: string): string {
  const hook = {
    type: "http",
    url: url.replace("/mcp/", "/hooks/"),
    headers: { Authorization: `Bearer $${TOKEN_VARIABLE}`, "X-Task-List": `$${LIST_VARIABLE}` },
    allowedEnvVars: [TOKEN_VARIABLE, LIST_VARIABLE],
    timeout: 5,
  };
  const hooks = [hook];
  return pretty({
    hooks: {
      TaskCreated: [{ hooks }],
      TaskCompleted: [{ hooks }],
      PostToolUse: [{ matcher: "TaskCreate|TaskUpdate|TodoWrite", hooks }],
      SessionEnd: [{ hooks }],
    },
  });
}

/** Codex takes the token from the environment, and refuses one that stands in the file. */
export const codexToml = (url: string): string =>
  `[mcp_servers.agentrq]\nurl = ${JSON.stringify(url)}\nbearer_token_env_var = "${TOKEN_VARIABLE}"`;

/** VS Code asks for the token once and keeps it. */
export function vscodeJson(url: string): string {
  const input = { type: "promptString", id: "agentrq-token", description: "AgentRQ token", password: true };
  const headers = { Authorization: "Bearer ${input:agentrq-token}" };
  return pretty({ inputs: [input], servers: { agentrq: { type: "http", url, headers } } });
}

/** For a client that knows addresses and headers only. */
export const headerLine = (token: string): string => `Authorization: Bearer ${token}`;

export const CLAUDE_MD = `## Asking a person

Ask through the agentrq MCP server, never by stopping with a question in the terminal.

- Before anything that cannot be undone or reaches beyond this checkout (deleting data, migrations, deploys,
  force pushes, spending money, writing to people), call createTask with assignee "human" and a title that begins
  with "Approve:". Use "Review:" for finished work that needs eyes, and "Question:" when you need to know something.
- Put everything needed to decide into the body: what you have done, what you want to do, the exact commands or
  diff, what happens if the answer is no. Attach files that help.
- Then set the task "ongoing" with updateTaskStatus and go on with other work. The answer arrives by itself as a
  <channel source="agentrq"> message; if you have nothing else to do, call waitForMessages.
- "Approved" means: do exactly what was shown, then set the task "completed". "Rejected" means: do not do it.
- Tell what came of it with reply, naming the message you answer in in_reply_to.
`;
