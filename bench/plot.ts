import { median } from './numbers.ts'
import { RATIOS, type Result, resultOf } from './report.ts'

// Bars as an SVG without a library, legible on light and dark.

const WIDTH = 720
const LABEL = 250
const BAR = 16
const ROW = 22

/** Requests a second of ours beside those of the floors. */
export function plotOf(results: readonly Result[]): string {
  const panels = [32, 1].map((connections) => {
    const pairs = RATIOS.flatMap(([ours, floor]) => [
      resultOf(results, floor, connections),
      resultOf(results, ours, connections),
    ])
    return { title: `Requests a second, ${connections} at a time`, pairs }
  })
  const heights = panels.map(({ pairs }) => 40 + pairs.length * ROW)
  const drawn = panels.map(({ title, pairs }, i) => {
    const above = heights.slice(0, i).reduce((sum, height) => sum + height, 0)
    return `<g transform="translate(0 ${above})">\n${panel(title, pairs)}\n</g>`
  })
  const height = heights.reduce((sum, each) => sum + each, 10)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">
<title>What the service reaches of its floors</title>
<style>text{fill:#24292f}.floor{fill:#8c959f}.ours{fill:#2a78d6}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
${drawn.join('\n')}
</svg>
`
}

function panel(title: string, pairs: readonly Result[]): string {
  const rates = pairs.map(({ rounds }) => median(rounds.map(({ perSecond }) => perSecond)))
  const most = Math.max(...rates)
  const bars = pairs.map(({ name }, i) => {
    const rate = rates[i] ?? 0
    const y = 30 + i * ROW
    const length = ((WIDTH - LABEL - 60) * rate) / most
    const look = name.startsWith('(') ? 'floor' : 'ours'
    return `<text x="${LABEL - 8}" y="${y + 12}" text-anchor="end">${name}</text><rect class="${look}" x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="${BAR}"/><text x="${(LABEL + length + 6).toFixed(1)}" y="${y + 12}">${rate.toFixed(0)}</text>`
  })
  return [`<text x="8" y="18" font-weight="600">${title}</text>`, ...bars].join('\n')
}
