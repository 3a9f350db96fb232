import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import Components from "unplugin-vue-components/vite";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import { defineConfig, type Plugin } from "vite";

/** Lays compressed forms beside each file that is worth it: the relay sends them as they are. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    // Not before all is written: Vite still puts addresses into files that are bundled.
    writeBundle({ dir = "" }, bundle) {
      for (const fileName of Object.keys(bundle)) {
        const path = join(dir, fileName);
        const source = readFileSync(path);
        if (source.length < 1024 || !/\.(js|css|svg|html)$/.test(fileName)) continue;
        writeFileSync(`${path}.br`, brotliCompressSync(source));
        writeFileSync(`${path}.gz`, gzipSync(source, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [
    vue(),
    // Only the components of Element Plus that are used, each with its own style.
    Components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: "css" })] }),
    compressed(),
  ],
  define: {
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_OPTIONS_API__: true, // Element Plus has components that need it
  },
  build: {
    outDir: "dist/page",
    emptyOutDir: true,
    // The page's policy allows no script or style but files of the relay.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    fs: { allow: ["../.."] }, // the catalogues of the core
    proxy: {
      "/api": { target: process.env.VANGUARD_RELAY ?? "https://127.0.0.1:8443", secure: false },
    },
  },
});
