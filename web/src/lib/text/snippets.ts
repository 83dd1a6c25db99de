// What a person pastes to connect an agent. Pure text, so that tests can hold it against what clients expect.

/** The variable that holds the token: a secret belongs into the environment, not into a file that gets committed. */
export const TOKEN_VARIABLE = "AGENTRQ_TOKEN";

/** The address without a token in it: the token travels in a header. */
export function bareUrl(mcpUrl: string): string {
  const url = new URL(mcpUrl);
  url.searchParams.delete("token");
  return url.toString();
}

export const exportLine = (token: string): string => `export ${TOKEN_VARIABLE}=${token}`;

export function mcpJson(url: string): string {
  const server = { type: "sse", url, headers: { Authorization: `Bearer \${${TOKEN_VARIABLE}}` } };
  return JSON.stringify({ mcpServers: { agentrq: server } }, null, 2);
}

/** Single quotes: the shell must leave the variable to Claude Code, so that no file holds the token. */
export const addLine = (url: string): string =>
  `claude mcp add --transport sse --scope project agentrq '${url}' --header 'Authorization: Bearer \${${TOKEN_VARIABLE}}'`;

export const startLine = "claude --dangerously-load-development-channels server:agentrq";

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
