// Starts programs under test and waits until they have said what they are asked for.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const PROGRAM = process.env.VANGUARD ?? "../../target/release/vanguard";
/** A phone that is told what to do; see its source in `tests/src/bin/field.rs`. */
const FIELD = process.env.VANGUARD_FIELD ?? join(dirname(PROGRAM), "field");

export interface Running {
  /** Everything that it printed. */
  said: string;
  /** Ends it and waits until it has ended. */
  stop: () => Promise<void>;
}

function spawned(program: string, args: string[]) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const output = { said: "" };
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (piece: string) => {
    output.said += piece;
  });
  /** Waits until it has said something; fails where it ends without. */
  const hear = <T>(find: (said: string) => T | undefined) =>
    new Promise<T>((resolve, reject) => {
      const look = () => {
        const found = find(output.said);
        if (found !== undefined) resolve(found);
      };
      child.stdout.on("data", look);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${program} ${args[0]} ended with ${code}:\n${output.said}`)));
      look();
    });
  return { child, ended, output, hear };
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill("SIGINT");
  await ended;
}

/** Starts the program under test; it is ready when it has printed `last`. */
export async function start(args: string[], last: string): Promise<Running> {
  const { child, ended, output, hear } = spawned(PROGRAM, args);
  await hear((said) => (said.includes(last) ? true : undefined));
  return { said: output.said, stop: () => end(child, ended) };
}

/** A phone with a notebook of its own. */
export interface Phone {
  /** The six digits to compare. */
  digits: string;
  /** Gives a command and waits for its answer. */
  tell: (command: string) => Promise<string>;
  stop: () => Promise<void>;
}

/** Enrols a phone by an invite. */
export async function phone(invite: string, notebook: string): Promise<Phone> {
  const { child, ended, hear } = spawned(FIELD, [invite, notebook]);
  let heard = 0;
  const line = async () => {
    const at = heard;
    heard += 1;
    return hear((said) => (said.split("\n").length > at + 1 ? said.split("\n")[at] : undefined));
  };
  const digits = String((await line()).split(" ")[1]);
  const tell = (command: string) => {
    child.stdin.write(`${command}\n`);
    return line();
  };
  return { digits, tell, stop: () => end(child, ended) };
}

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A relay that nobody has set up yet, in a folder of its own. */
export interface EmptyRelay {
  url: string;
  folder: string;
  /** Makes the first administrator, once. */
  setupLink: string;
  stop: () => Promise<void>;
  /** Starts it again, where it was. */
  restart: () => Promise<void>;
  /** Ends it and removes what it kept. */
  end: () => Promise<void>;
}

export async function emptyRelay(): Promise<EmptyRelay> {
  const folder = mkdtempSync(join(tmpdir(), "vanguard-relay-"));
  const port = await freePort();
  const args = ["serve", "--data", join(folder, "relay"), "--listen", `127.0.0.1:${port}`];
  let running = await start(args, "token=");
  const stop = () => running.stop();
  return {
    url: `https://127.0.0.1:${port}`,
    folder,
    setupLink: String(running.said.match(/https:\S+token=\S+/)?.[0]),
    stop,
    restart: async () => {
      running = await start(args, "address for phones");
    },
    end: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
