import * as z from 'zod'

/** Of anything that the config itself names. */
export const name = z.string().regex(/^[a-z0-9][a-z0-9_-]*$/i, 'letters, digits, "_" and "-" only')
/** A path, an image, a role, SQL: anything but nothing. */
export const text = z.string().min(1)
/** Of a network, a volume or a container, as Docker takes it. */
export const dockerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]*$/i, 'letters, digits, "_", "." and "-" only')
const digits = /^\d+$/
/** A whole number, also where `${NAME:-5432}` made text of it. */
export const whole = (minimum: number, maximum: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && digits.test(value) ? Number(value) : value),
    z.int().min(minimum).max(maximum),
  )
