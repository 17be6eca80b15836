/** A line of a chart: points by x. */
export type Line = { name: string; points: readonly (readonly [number, number])[] }

export type Chart = { title: string; x: string; y: string; lines: readonly Line[] }

const width = 640
const height = 360
const left = 56
const right = 120
const top = 40
const bottom = 48
const colours = ['#0b7285', '#c92a2a', '#5f3dc4']
const dashes = ['', '6 3', '2 3']
const ticks = 5

/** The next of 1, 2, 5 · 10ⁿ, so that so many steps reach the value. */
const stepOf = (most: number): number => {
  const raw = most / ticks
  const power = 10 ** Math.floor(Math.log10(raw))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10)
}

const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Both axes linear, from 0. */
export const renderChart = ({ title, x, y, lines }: Chart): string => {
  const all = lines.flatMap(({ points }) => points)
  const [mostX, mostY] = [
    Math.max(...all.map(([value]) => value)),
    Math.max(...all.map(([, value]) => value)),
  ]
  const [stepX, stepY] = [stepOf(mostX), stepOf(mostY)]
  const [endX, endY] = [Math.ceil(mostX / stepX) * stepX, Math.ceil(mostY / stepY) * stepY]
  const atX = (value: number): number => left + (value / endX) * (width - left - right)
  const atY = (value: number): number => height - bottom - (value / endY) * (height - top - bottom)
  const marks = (end: number, step: number): number[] =>
    Array.from({ length: Math.round(end / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)))
  const gridX = marks(endX, stepX).map(
    (value) => `<text x="${atX(value)}" y="${height - bottom + 18}" text-anchor="middle">${value}</text>`,
  )
  const gridY = marks(endY, stepY).map(
    (value) =>
      `<path d="M${left} ${atY(value)}H${width - right}" stroke="#8888" stroke-width=".5"/><text x="${left - 8}" y="${atY(value) + 4}" text-anchor="end">${value}</text>`,
  )
  const drawn = lines.map(({ name, points }, index) => {
    const path = points.map(([px, py]) => `${atX(px).toFixed(1)} ${atY(py).toFixed(1)}`).join('L')
    const [lastX, lastY] = points.at(-1) ?? [0, 0]
    const colour = colours[index % colours.length]
    const dots = points.map(
      ([px, py]) => `<circle cx="${atX(px).toFixed(1)}" cy="${atY(py).toFixed(1)}" r="3" fill="${colour}"/>`,
    )
    return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dashes[index % dashes.length]}"/>${dots.join('')}<text x="${atX(lastX) + 10}" y="${atY(lastY) + 4}" fill="${colour}">${escapeText(name)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${escapeText(title)}">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="22" font-size="14" font-weight="600">${escapeText(title)}</text>
${gridY.join('\n')}
${gridX.join('\n')}
<path d="M${left} ${top}V${height - bottom}H${width - right}" fill="none" stroke="#444"/>
<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">${escapeText(x)}</text>
<text transform="translate(14 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(y)}</text>
${drawn.join('\n')}
</svg>
`
}
