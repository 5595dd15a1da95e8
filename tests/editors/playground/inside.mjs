// The static page, with the server in a worker: a broken spec is mended and saved, in the browser's memory alone.
import { act, begin, complete, drive, equal, goTo, step, textOf, told, until } from './chromium.mjs'

await drive(async context => {
  const page = await context.newPage()

  await step('the server starts inside of the page', async () => {
    await begin(page, told.name, '.cm-lintRange-error')
    equal(await textOf(page), told.spec, 'the text')
    await until(page, () => document.querySelector('#outline').textContent.includes('4. Technical Design'))
  })

  await step('a hover tells what the template asks for', async () => {
    await page.locator('.cm-line', { hasText: 'SPEC-031' }).getByText('SPEC-031').hover()
    await page.locator('.cm-lsp-hover-tooltip', { hasText: 'SPEC-' }).waitFor()
    await page.mouse.move(5, 5)
  })

  await step('status and handle are completed', async () => {
    await goTo(page, told.status.slice(0, -2))
    await page.keyboard.press('Control+Space')
    await complete(page, 'Draft')
    await goTo(page, told.asked)
    await page.keyboard.type(told.typed, { delay: 20 })
    await complete(page, told.handle)
  })

  await step('the missing section is inserted, and its finding goes', async () => {
    await goTo(page, '### Goals')
    await act(page, 'Non-Goals')
    await until(page, () => playground.view.state.doc.toString().includes('### Non-Goals'))
    await until(page, () => ![...document.querySelectorAll('.cm-lintRange')].some(mark => mark.textContent === 'Goals'))
    equal(await textOf(page), told.mended, 'the mended text')
  })

  await step('it is saved, and other files are opened and left', async () => {
    await page.keyboard.press('Control+s')
    await until(page, () => document.querySelector('#save').disabled)
    await page.locator('#board-tab').click()
    await page.locator('#board a', { hasText: 'SPEC-032' }).click()
    await until(page, () => document.querySelector('#name').textContent === 'other.md')
    const read = await page.evaluate(name => playground.client.request('playground/read', { name }), told.name)
    equal(read.text, told.mended, 'the file')
  })

  await step('the guide and the rules are there', async () => {
    const at = path => new URL(path, told.address).href
    await page.goto(at('../index.html'))
    const broken = await page.evaluate(async base => {
      const found = []
      for (const path of ['index.html', 'rules/index.html']) {
        const text = await (await fetch(new URL(`../${path}`, base))).text()
        const links = new DOMParser().parseFromString(text, 'text/html').querySelectorAll('[href], [src]')
        for (const link of links) {
          const target = link.getAttribute('href') ?? link.getAttribute('src')
          if (/^(#|https?:|data:|[^.]*$)/.test(target)) continue
          if (!/\.(html|css|png|svg)(#.*)?$/.test(target)) continue
          const answer = await fetch(new URL(target, new URL(`../${path}`, base)))
          if (!answer.ok) found.push(target)
        }
      }
      return found
    }, told.address)
    equal(broken.join(), '', 'links that lead nowhere')
    await page.getByRole('link', { name: 'missing-section' }).first().click()
    await page.getByRole('heading', { name: 'missing-section' }).waitFor()
    await page.getByRole('link', { name: 'Playground' }).click()
    equal(page.url(), at('index.html'), 'the address')
  })
})
