import { describeMatrix } from '../support/faults/matrix.ts'

describeMatrix()
