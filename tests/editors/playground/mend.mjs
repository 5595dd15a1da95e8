// A broken spec is mended in the page as its author does it, saved, and fought over by two tabs.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { act, begin, complete, drive, equal, goTo, step, textOf, told, until } from './chromium.mjs'

const file = join(told.folder, told.name)
const onDisk = () => readFileSync(file, 'utf8')
const saved = page => until(page, () => document.querySelector('#save').disabled)

async function save(page) {
  await page.keyboard.press('Control+s')
  await saved(page)
}

/** Types at the end of the first line; the key End goes by what is drawn, which may not be yet. */
async function type(page, words) {
  await page.evaluate(() => {
    const { view } = playground
    view.dispatch({ selection: { anchor: view.state.doc.line(1).to } })
    view.focus()
  })
  await page.keyboard.type(words)
}

await drive(async (context, complaints) => {
  const page = await context.newPage()

  await step('findings, progress and outline are shown', async () => {
    await begin(page, told.name, '.cm-lintRange-error')
    await until(page, () => /^No status|^Draft/.test(document.querySelector('#status').textContent))
    await until(page, () => document.querySelector('#outline').textContent.includes('4. Technical Design'))
    equal(await textOf(page), told.spec, 'the text')
    equal(await page.locator('#progress').getAttribute('max'), '8', 'the number of sections')
  })

  await step('a hover tells what the template asks for', async () => {
    await page.locator('.cm-line', { hasText: 'SPEC-031' }).getByText('SPEC-031').hover()
    await page.locator('.cm-lsp-hover-tooltip', { hasText: 'SPEC-' }).waitFor()
    await page.mouse.move(5, 5)
  })

  await step('the status is completed', async () => {
    await goTo(page, told.status.slice(0, -2))
    await page.keyboard.press('Control+Space')
    await complete(page, 'Draft')
    await until(page, () => document.querySelector('#status').textContent.startsWith('Draft'))
  })

  await step('a handle is completed', async () => {
    await goTo(page, told.asked)
    await page.keyboard.type(told.typed, { delay: 20 })
    await complete(page, told.handle)
  })

  await step('the missing section is inserted, and its finding goes', async () => {
    const missing = page.locator('.cm-lintRange', { hasText: 'Goals' })
    await missing.first().waitFor()
    await goTo(page, '### Goals')
    await act(page, 'Non-Goals')
    await until(page, () => playground.view.state.doc.toString().includes('### Non-Goals'))
    await until(page, () => ![...document.querySelectorAll('.cm-lintRange')].some(mark => mark.textContent === 'Goals'))
    equal(await textOf(page), told.mended, 'the mended text')
  })

  await step('a fix button in a tooltip mends what it stands at', async () => {
    await goTo(page, '| Draft')
    await page.keyboard.press('Backspace')
    const mark = page.locator('.cm-lintRange-error', { hasText: 'Draf' })
    await mark.waitFor()
    await mark.hover()
    await page.locator('.cm-tooltip .fixes button', { hasText: 'Draft' }).first().click()
    await mark.waitFor({ state: 'detached' })
    equal(await textOf(page), told.mended, 'the mended text')
  })

  await step('it is saved with the line ends and the mark of its file', async () => {
    equal(await page.title(), `${told.name} – spec-ls`, 'the title')
    await save(page)
    equal(onDisk(), `\ufeff${told.mended.replaceAll('\n', '\r\n')}`, 'the file')
  })

  await step('the board tells of it, and leads to other files', async () => {
    await page.locator('#board-tab').click()
    const link = page.locator('#board a', { hasText: 'SPEC-032' })
    await page.locator('#board svg rect').first().waitFor()
    await link.click()
    await until(page, () => document.querySelector('#name').textContent === 'other.md')
    await page.locator('#outline-tab').click()
    await page.locator('#files button', { hasText: told.name }).click()
    await until(page, name => playground.view.hasFocus && document.querySelector('#name').textContent === name, told.name)
  })

  await step('a reload shows what is on disk', async () => {
    await page.reload()
    await until(page, () => window.playground?.view.state.doc.length > 100)
    equal(await textOf(page), told.mended, 'the text')
    await until(page, () => document.querySelector('#status').textContent.startsWith('Draft'))
  })

  const other = await context.newPage()
  await step('a second tab has the same file', async () => {
    await begin(other, told.name, '.cm-lintRange')
    equal(await textOf(other), told.mended, 'the text')
    await type(other, ' ab')
    await save(other)
    await type(page, ' cd')
    await page.keyboard.press('Control+s')
    await page.locator('dialog').getByText('changed on disk').waitFor()
  })

  await step('whoever comes second is asked: mine is kept', async () => {
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    equal(onDisk().split('\r\n')[0], '\ufeff# Päckchen 📦 kommen später ab', 'the first line')
    await page.keyboard.press('Control+s')
    await page.locator('dialog button', { hasText: 'Keep mine' }).click()
    await saved(page)
    equal(onDisk().split('\r\n')[0], '\ufeff# Päckchen 📦 kommen später cd', 'the first line')
  })

  await step('or theirs is taken', async () => {
    await type(other, 'x')
    await other.keyboard.press('Control+s')
    await other.locator('dialog button', { hasText: 'Take theirs' }).click()
    await saved(other)
    equal((await textOf(other)).split('\n')[0], '# Päckchen 📦 kommen später cd', 'the first line')
  })

  await step('what was changed by another program is taken when the page is looked at', async () => {
    writeFileSync(file, onDisk().replace('später cd', 'später 🚚'))
    await other.evaluate(() => dispatchEvent(new Event('focus')))
    await until(other, () => playground.view.state.doc.line(1).text.endsWith('🚚'))
    await other.close()
  })

  await step('it goes by the keyboard alone, and dark', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    equal(dark, 'rgb(22, 24, 28)', 'the background')
    await page.evaluate(() => document.activeElement.blur())
    const reached = new Set()
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab')
      reached.add(await page.evaluate(() => document.activeElement.closest('#next, #actions, #files, #editor, aside')?.id))
    }
    equal([...reached].filter(one => one !== undefined).sort().join(), ',actions,editor,files,next', 'what Tab reaches')
    await page.emulateMedia({ colorScheme: 'light' })
  })

  await step('a picture of a broken spec is taken', async () => {
    await page.locator('#files button', { hasText: 'delivery-alerts.md' }).click()
    await page.locator('.cm-lintRange-error').nth(1).hover()
    await page.locator('.cm-tooltip .fixes button').first().waitFor()
    await page.screenshot({ path: join(told.shots, 'playground.png') })
    await page.mouse.move(5, 5)
    await page.locator('#files button', { hasText: told.name }).click()
    await until(page, name => playground.view.hasFocus && document.querySelector('#name').textContent === name, told.name)
  })

  await step('unsaved text stays when the server stops', async () => {
    await type(page, ' !')
    process.kill(told.server, 'SIGINT')
    await page.locator('#news', { hasText: 'server has stopped' }).waitFor()
    equal((await textOf(page)).split('\n')[0], '# Päckchen 📦 kommen später 🚚 !', 'the first line')
    await page.waitForTimeout(100)
    complaints.splice(0, complaints.length, ...complaints.filter(one => !one.includes('ERR_CONNECTION_REFUSED')))
  })
})
