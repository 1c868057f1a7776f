/**
 * The messages with which onnxruntime, C++, JavaScript, CUDA and its libraries, and Vulkan report that memory ran out. The kernel's
 * out-of-memory killer ends a process by SIGKILL.
 */
const OUT_OF_MEMORY =
  /out[ _]of[ _](device[ _]|host[ _])?memory|not enough memory|bad_alloc|alloc_failed|failed to allocate|allocation failed|SIGKILL/i;

export function isOutOfMemoryMessage(message: string): boolean {
  return OUT_OF_MEMORY.test(message);
}

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && isOutOfMemoryMessage(error.message);
}
