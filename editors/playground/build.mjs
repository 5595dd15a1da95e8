// Bundles the page into the folder that is named, by default the one that the wheel ships.
import { copyFile, mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const into = process.argv[2] ?? fileURLToPath(new URL('../../spec_ls/playground/static', import.meta.url))

await mkdir(into, { recursive: true })
await build({
  absWorkingDir: here,
  entryPoints: { main: 'src/main.ts' },
  outdir: into,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
})
for (const name of ['index.html', 'main.css']) await copyFile(`${here}src/${name}`, `${into}/${name}`)
