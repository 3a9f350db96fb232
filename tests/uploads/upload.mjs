// Uploads a file with tus-js-client: `upload.mjs ENDPOINT AUTHORIZATION FILE SHA256 STORE MODE`.
// MODE: `cut` ends this process without a word when half is there; `resume` goes on from what STORE
// remembers; `override` sends PATCH as POST; `abort` throws the upload away when half is there.
// Prints the upload's address and how many bytes it found there already.

import { createReadStream, statSync } from "node:fs";
import * as tus from "tus-js-client";

const [endpoint, authorization, file, sha256, store, mode] = process.argv.slice(2);
const size = statSync(file).size;
let found = null;

const done = new Promise((resolve, reject) => {
  const upload = new tus.Upload(createReadStream(file), {
    endpoint,
    uploadSize: size,
    chunkSize: 150_000,
    retryDelays: Array(40).fill(50),
    headers: { Authorization: authorization },
    metadata: { sha256 },
    urlStorage: new tus.FileUrlStorage(store),
    overridePatchMethod: mode === "override",
    onBeforeRequest(request) {
      if (found === null && request.getMethod() === "PATCH") {
        found = Number(request.getHeader("Upload-Offset"));
      }
    },
    onShouldRetry: () => true,
    onError: reject,
    onSuccess: () => resolve(upload.url),
    onChunkComplete(_, accepted) {
      if (accepted < size / 2 || accepted === size) return;
      if (mode === "cut") process.kill(process.pid, "SIGKILL");
      if (mode === "abort") upload.abort(true).then(() => resolve(upload.url), reject);
    },
  });
  upload.findPreviousUploads().then((previous) => {
    if (mode === "resume") {
      if (previous.length !== 1) throw new Error(`${previous.length} uploads are remembered`);
      upload.resumeFromPreviousUpload(previous[0]);
    }
    upload.start();
  }).catch(reject);
});

console.log(`${await done} ${found}`);
