// Starts the program under test and waits until it has said what it is asked for.
import { spawn } from "node:child_process";

const PROGRAM = process.env.VANGUARD ?? "../../target/release/vanguard";

export interface Running {
  /** Everything that it printed. */
  said: string;
  /** Ends it and waits until it has ended. */
  stop: () => Promise<void>;
}

/** Starts it; it is ready when it has printed `last`. */
export async function start(args: string[], last: string): Promise<Running> {
  const child = spawn(PROGRAM, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${args[0]} ended with ${code}:\n${said}`)));
    child.stdout.on("data", (piece: Buffer) => {
      said += piece.toString();
      if (said.includes(last)) resolve();
    });
  });
  const stop = async () => {
    child.kill("SIGINT");
    await ended;
  };
  return { said, stop };
}
