/** A test that runs onnxruntime in its own process: the runtime knows the typed arrays of the process alone, not those of jest's realm. */
import { TestEnvironment } from 'jest-environment-node';

export default class RuntimeEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    Object.assign(this.global, { Float32Array, BigInt64Array });
  }
}
