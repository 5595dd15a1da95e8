// A page of Chromium, and the words for what a person does with it. Every wait ends with a picture of what was there.
import { createRequire } from 'node:module'
import { join } from 'node:path'

export const told = JSON.parse(process.env.GIVEN)
const require = createRequire(join(told.modules, '-'))
const { chromium } = require('playwright-core')
const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
const FLAGS = ['--no-sandbox', ...QUIET, '--disable-component-update', '--disable-sync']
export const PATIENCE = 90_000

let passed = 0

/** Does it, and says so. */
export async function step(name, work) {
  await work()
  console.log(`ok ${++passed} ${name}`)
}

export function equal(found, wanted, about) {
  if (found !== wanted) throw new Error(`${about}:\n${JSON.stringify(found)}\nis not\n${JSON.stringify(wanted)}`)
}

/** Runs `work` with a browser; whatever a page's console has to complain about fails it. */
export async function drive(work) {
  const browser = await chromium.launch({ executablePath: told.chromium, args: FLAGS })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' })
  context.setDefaultTimeout(30_000)
  const complaints = []
  context.on('page', page => {
    page.on('pageerror', error => complaints.push(error.stack ?? String(error)))
    page.on('console', line => ['error', 'warning'].includes(line.type()) && complaints.push(line.text()))
    page.on('request', request => {
      const { origin, protocol } = new URL(request.url())
      if (protocol.startsWith('http') && origin !== new URL(told.address).origin) complaints.push(`asks for ${request.url()}`)
    })
  })
  try {
    await work(context, complaints)
    if (complaints.length) throw new Error(`the console says:\n${complaints.join('\n')}`)
    console.log(`all ${passed} passed`)
  } catch (error) {
    for (const [i, page] of context.pages().entries()) await page.screenshot({ path: join(told.shots, `playground-failed-${i}.png`) })
    console.log(error.stack, '\n', complaints.join('\n'))
    process.exitCode = 1
  } finally {
    await browser.close()
  }
}

/** What stands in the editor, lines ended by LF. */
export const textOf = page => page.evaluate(() => playground.view.state.doc.toString())

/** Waits until what `look` finds in the page is so. */
export const until = (page, look, given) => page.waitForFunction(look, given)

/** Puts the cursor where `words` end, in the line that holds them, as a click does. */
export async function goTo(page, words) {
  await page.evaluate(words => {
    const { view } = playground
    const anchor = view.state.doc.toString().indexOf(words) + words.length
    view.dispatch({ selection: { anchor }, scrollIntoView: true })
    view.focus()
  }, words)
}

/** Takes the proposal `label` from the list that is open. */
export async function complete(page, label) {
  const list = page.locator('.cm-tooltip-autocomplete')
  await list.locator('li', { hasText: label }).first().waitFor()
  await page.waitForTimeout(100) // a key within 75 ms of the list's coming is still the text's
  for (;;) {
    const chosen = await list.locator('li[aria-selected=true]').innerText()
    if (chosen.includes(label)) break
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Enter')
  await list.waitFor({ state: 'detached' })
}

/** Chooses what Mod-. offers under a title. */
export async function act(page, title) {
  await page.keyboard.press('Control+.')
  const item = page.locator('.cm-actions [role=menuitem]', { hasText: title }).first()
  await item.waitFor()
  for (;;) {
    if ((await page.evaluate(() => document.activeElement.textContent)).includes(title)) break
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Enter')
}

/** Begins at a file of the page, once it is judged. */
export async function begin(page, name, mark) {
  await page.goto(told.address)
  await page.locator('#files button', { hasText: name }).waitFor({ timeout: PATIENCE })
  if ((await page.locator('#files [aria-current=true]').textContent()) !== name)
    await page.locator('#files button', { hasText: name }).click()
  await until(page, name => window.playground && document.querySelector('#name').textContent === name, name)
  await page.locator(mark).first().waitFor({ timeout: PATIENCE })
}
