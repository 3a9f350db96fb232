// Photos that are chosen at the desk: made ready as records name them, kept by this browser until
// the relay holds them, and sent by tus. A record names a photo first; then the relay takes its files.
import { reactive } from "vue";
import type { Schemas } from "../api/client";
import { whenNews } from "./live";

export type Photo = Schemas["Photo"];

/** The longest edge of a kept original, and of the small picture, in pixels. */
const EDGE_PX = 3_200;
const SMALL_EDGE_PX = 320;
/** The most bytes of a small picture that the relay takes. */
const SMALL_BYTES = 256 * 1024;

interface Waiting {
  hash: string;
  blob: Blob;
}

/** The files by their hash; other tabs see them too. */
function store(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("vanguard-photos", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("waiting", { keyPath: "hash" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("IndexedDB"));
  });
}

async function within<T>(mode: IDBTransactionMode, work: (files: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await store();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction("waiting", mode);
      const asked = work(transaction.objectStore("waiting"));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB"));
    });
  } finally {
    database.close();
  }
}

const keep = (file: Waiting) => within("readwrite", (files) => files.put(file));
const forget = (hash: string) => within("readwrite", (files) => files.delete(hash));
const kept = (hash: string) => within("readonly", (files) => files.get(hash) as IDBRequest<Waiting | undefined>);

async function sha256(blob: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A picture as JPEG, its longest edge at most so long. Nothing of the camera's own notes remains. */
async function jpeg(picture: ImageBitmap, edge: number, quality: number): Promise<{ blob: Blob; width: number; height: number }> {
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  if (!blob) throw new Error("canvas");
  return { blob, width: canvas.width, height: canvas.height };
}

/** Makes a file ready: what a record says of it, its files kept here until they are sent. */
export async function prepare(file: File): Promise<Photo> {
  const picture = await createImageBitmap(file);
  try {
    const original = await jpeg(picture, EDGE_PX, 0.88);
    let small = await jpeg(picture, SMALL_EDGE_PX, 0.75);
    if (small.blob.size > SMALL_BYTES) small = await jpeg(picture, SMALL_EDGE_PX, 0.4);
    const [hash, smallHash] = await Promise.all([sha256(original.blob), sha256(small.blob)]);
    await keep({ hash, blob: original.blob });
    await keep({ hash: smallHash, blob: small.blob });
    return {
      hash,
      bytes: original.blob.size,
      width_px: original.width,
      height_px: original.height,
      thumbnail: { hash: smallHash, bytes: small.blob.size },
      taken_at_ms: file.lastModified || undefined,
    };
  } finally {
    picture.close();
  }
}

/** The address of a file: of this browser while the relay may not have it, else the relay's. */
export async function addressOf(hash: string): Promise<string> {
  const file = await kept(hash).catch(() => undefined);
  return file ? URL.createObjectURL(file.blob) : `/api/photos/${hash}`;
}

/** Files that the relay does not have yet. Text travels first: they are looked for again when photos
 * have arrived, and shown once they are here. */
export function useMissing(): Set<string> {
  const missing = reactive(new Set<string>());
  whenNews(["photos"], async () => {
    await Promise.all([...missing].map(async (hash) => (await isHere(hash)) && missing.delete(hash)));
  });
  return missing;
}

async function isHere(hash: string): Promise<boolean> {
  const found = await fetch(`/api/photos/${hash}`, { method: "HEAD" }).catch(() => undefined);
  return found?.ok ?? false;
}

/** Sends the files of photos that a record names now, small ones first; those that this browser
 * does not keep are the relay's already. Goes on by itself where the connection is cut. */
export async function send(photos: Photo[]): Promise<void> {
  const hashes = [...photos.map(({ thumbnail }) => thumbnail.hash), ...photos.map(({ hash }) => hash)];
  for (const hash of hashes) {
    const file = atWork.has(hash) ? undefined : await kept(hash);
    if (!file) continue;
    atWork.add(hash);
    try {
      await upload(file);
      await forget(hash);
    } finally {
      atWork.delete(hash);
    }
  }
}

/** Files that are being sent. */
const atWork = new Set<string>();

async function upload({ hash, blob }: Waiting): Promise<void> {
  const { Upload } = await import("tus-js-client");
  await new Promise<void>((resolve, reject) => {
    new Upload(blob, {
      endpoint: "/v1/blobs",
      metadata: { sha256: hash },
      storeFingerprintForResuming: false, // the relay finds an upload by its hash
      retryDelays: [0, 1_000, 3_000, 10_000, 30_000],
      onSuccess: () => resolve(),
      onError: reject,
    }).start();
  });
}
