// Small multiples as an SVG without a library, legible on light and dark.

export interface Line {
  readonly label: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Drawn dashed: a limit, not something that was simulated; without a label it is not in the legend. */
  readonly isLimit?: boolean
}

export interface Axis {
  readonly from: number
  readonly to: number
  readonly isLog?: boolean
  readonly ticks: readonly (readonly [at: number, label: string])[]
}

export interface Panel {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly Line[]
}

const WIDTH = 330
const HEIGHT = 330
const PLOT = { left: 52, right: 16, top: 34, bottom: 104 }
const COLOURS = ['#2a78d6', '#d9480f', '#2f9e44', '#9c36b5', '#b08900']

export function plot(title: string, panels: readonly Panel[]): string {
  const width = WIDTH * panels.length
  const drawn = panels.map(
    (panel, index) => `<g transform="translate(${index * WIDTH} 0)">\n${drawPanel(panel)}\n</g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="11">
<title>${title}</title>
<style>text{fill:#24292f}.grid{stroke:#8c959f;stroke-opacity:.35}.limit{stroke:#57606a;stroke-dasharray:5 4}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.limit{stroke:#b1bac4}}</style>
${drawn.join('\n')}
</svg>
`
}

function drawPanel({ title, x, y, lines }: Panel): string {
  const [right, bottom] = [WIDTH - PLOT.right, HEIGHT - PLOT.bottom]
  const toX = (value: number) => place(x, value, PLOT.left, right)
  const toY = (value: number) => place(y, value, bottom, PLOT.top)
  const coloured = lines.filter(({ isLimit }) => !isLimit)
  const grid = y.ticks.map(
    ([at, label]) =>
      `<path class="grid" d="M${PLOT.left} ${toY(at)}H${right}"/><text x="${PLOT.left - 5}" y="${toY(at) + 4}" text-anchor="end">${label}</text>`,
  )
  const below = x.ticks.map(
    ([at, label]) => `<text x="${toX(at)}" y="${bottom + 15}" text-anchor="middle">${label}</text>`,
  )
  const drawn = lines.map((line) => {
    const path = line.points.map(([px, py]) => `${toX(px)} ${toY(py)}`).join('L')
    const look = line.isLimit
      ? 'class="limit"'
      : `stroke="${COLOURS[coloured.indexOf(line) % COLOURS.length]}" stroke-width="2"`
    return `<path fill="none" ${look} d="M${path}"/>`
  })
  const legend = lines
    .filter(({ label }) => label !== '')
    .map((line, index) => legendOf(line, coloured.indexOf(line), index, bottom))
  const head = `<text x="${PLOT.left}" y="18" font-weight="600">${title}</text>`
  return [head, ...grid, ...below, ...drawn, ...legend].join('\n')
}

function legendOf(line: Line, colour: number, index: number, bottom: number): string {
  const y = bottom + 30 + 12 * index
  const look = line.isLimit
    ? 'class="limit"'
    : `stroke="${COLOURS[colour % COLOURS.length]}" stroke-width="2"`
  return `<path ${look} d="M${PLOT.left} ${y - 4}h22"/><text x="${PLOT.left + 28}" y="${y}">${line.label}</text>`
}

function place({ from, to, isLog }: Axis, value: number, start: number, end: number): number {
  const at = isLog ? Math.log : (plain: number) => plain
  const share = (at(value) - at(from)) / (at(to) - at(from))
  return Math.round((start + Math.min(1, Math.max(0, share)) * (end - start)) * 10) / 10
}
