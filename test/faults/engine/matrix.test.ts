import { describeEngineMatrix } from '../../support/faults/matrix.ts'

describeEngineMatrix()
describeEngineMatrix(['--jobs', '4'])
