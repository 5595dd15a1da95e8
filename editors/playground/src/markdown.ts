// Markdown in colour. Not lang-markdown, which brings the parsers of HTML, CSS and JavaScript along.
import {
  HighlightStyle,
  Language,
  LanguageSupport,
  defineLanguageFacet,
  languageDataProp,
  syntaxHighlighting,
} from '@codemirror/language'
import { tags } from '@lezer/highlight'
import { GFM, parser } from '@lezer/markdown'

const data = defineLanguageFacet({ commentTokens: { block: { open: '<!--', close: '-->' } } })
const language = new Language(
  data,
  parser.configure([GFM, { props: [languageDataProp.add({ Document: data })] }]),
  [],
  'markdown',
)

const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: '600', color: 'var(--heading)' },
  { tag: tags.strong, fontWeight: '600' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: [tags.link, tags.url], color: 'var(--link)' },
  { tag: [tags.monospace, tags.labelName], color: 'var(--code)' },
  { tag: [tags.comment, tags.quote], color: 'var(--quiet)' },
  { tag: [tags.processingInstruction, tags.contentSeparator], color: 'var(--quiet)' },
])

export const markdown = () => [new LanguageSupport(language), syntaxHighlighting(colours)]
