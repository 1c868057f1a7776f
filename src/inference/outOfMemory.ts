/** How a want of memory is told: by onnxruntime, C++, JavaScript, CUDA and its libraries, Vulkan, and the kernel's own killer. */
const OUT_OF_MEMORY =
  /out[ _]of[ _](device[ _]|host[ _])?memory|not enough memory|bad_alloc|alloc_failed|failed to allocate|allocation failed|SIGKILL/i;

export function isOutOfMemoryMessage(message: string): boolean {
  return OUT_OF_MEMORY.test(message);
}

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && isOutOfMemoryMessage(error.message);
}
