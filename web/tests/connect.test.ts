// What people paste to connect an agent, and the words of what its token opens.
import { describe, expect, test } from "vitest";
import { SCOPES, widest } from "../src/lib/text/scopes";
import { addLine, codexToml, hooksJson, mcpJson, vscodeJson } from "../src/lib/text/snippets";

const URL = "https://relay.example/mcp/w1";

describe("what is pasted", () => {
  test("names the address where channels are spoken if Claude Code connects over Streamable HTTP", () => {
    expect(JSON.parse(mcpJson(URL, "http"))).toMatchObject({
      mcpServers: { agentrq: { type: "http", url: "https://relay.example/channel/w1" } },
    });
    expect(addLine(URL, "http")).toContain(
      "--transport http --scope project agentrq 'https://relay.example/channel/w1'",
    );
    expect(addLine(URL)).toContain("--transport sse --scope project agentrq 'https://relay.example/mcp/w1'");
  });

  test("leaves the token in the environment, or to what asks for it", () => {
    expect(codexToml(URL)).toBe(
      '[mcp_servers.agentrq]\nurl = "https://relay.example/mcp/w1"\nbearer_token_env_var = "AGENTRQ_TOKEN"',
    );
    const { inputs, servers } = JSON.parse(vscodeJson(URL)) as {
      inputs: { id: string; password: boolean }[];
      servers: { agentrq: { headers: { Authorization: string } } };
    };
    expect(inputs).toMatchObject([{ id: "agentrq-token", password: true }]);
    expect(servers.agentrq.headers.Authorization).toBe("Bearer ${input:agentrq-token}");
  });

  test("has hooks tell of what is mirrored and of nothing else, with a token that no file holds", () => {
    const { hooks } = JSON.parse(hooksJson(URL)) as { hooks: Record<string, { matcher?: string; hooks: unknown[] }[]> };
    expect(Object.keys(hooks)).toEqual(["TaskCreated", "TaskCompleted", "PostToolUse", "SessionEnd"]);
    expect(hooks["PostToolUse"]?.[0]?.matcher).toBe("TaskCreate|TaskUpdate|TodoWrite");
    expect(hooks["TaskCreated"]?.[0]?.hooks).toMatchObject([
      {
        type: "http",
        url: "https://relay.example/hooks/w1",
        headers: { Authorization: "Bearer $AGENTRQ_TOKEN", "X-Task-List": "$CLAUDE_CODE_TASK_LIST_ID" },
        allowedEnvVars: ["AGENTRQ_TOKEN", "CLAUDE_CODE_TASK_LIST_ID"],
      },
    ]);
  });
});

test("a token is called by the widest of what it opens", () => {
  expect(widest(["agent"]).label).toBe("Works and asks");
  expect(widest(["ask", "read"]).scope).toBe("ask");
  expect(widest(["read"]).scope).toBe("read");
  expect(() => widest([])).toThrow(RangeError);
  expect(SCOPES.map(({ scope }) => scope)).toEqual(["agent", "ask", "read"]);
});
