// An agent like `Agent`, but with Python's official client.
import { fileURLToPath } from "node:url";
import { testPython } from "../../scripts/setup/python.mjs";
import { addressFor } from "./agent.mjs";
import { ProcessAgent } from "./process-agent.mjs";

const script = fileURLToPath(new URL("python_agent.py", import.meta.url));

/** Over HTTP+SSE. */
export class PythonAgent extends ProcessAgent {
  static mode = "sse";

  static async connect(mcpUrl, { name = "test-agent", agent, list } = {}) {
    const python = process.env.AGENTRQ_PYTHON ?? (await testPython());
    return new this().start(python, [script, addressFor(mcpUrl, agent, { list }).href, name, this.mode]);
  }
}

/** Over Streamable HTTP, with the handshake. */
export class PythonLegacyAgent extends PythonAgent {
  static mode = "legacy";
}

/** Over Streamable HTTP, as a new client comes: it asks what the server speaks, and takes the newest. */
export class PythonModernAgent extends PythonAgent {
  static mode = "auto";
}
