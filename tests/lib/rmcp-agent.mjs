// An agent like `Agent`, but with the official Rust SDK over Streamable HTTP.
import { buildRmcpAgent } from "../../scripts/build/programs.mjs";
import { addressFor } from "./agent.mjs";
import { ProcessAgent } from "./process-agent.mjs";

class RmcpAgent extends ProcessAgent {
  static async connect(mcpUrl, { name = "test-agent", agent } = {}) {
    const command = process.env.AGENTRQ_RMCP_AGENT ?? (await buildRmcpAgent());
    return new this().start(command, [addressFor(mcpUrl, agent).href, name, this.mode]);
  }
}

/** It opens with `initialize`. */
export class LegacyRmcpAgent extends RmcpAgent {
  static mode = "legacy";
}

/** It asks first what the server speaks, and takes the newest. */
export class ModernRmcpAgent extends RmcpAgent {
  static mode = "auto";
}
