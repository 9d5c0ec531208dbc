// Memory for backprop tensors, kept from one training step to the next.
//
// A block of megabytes comes fresh from the operating system, which zeroes it
// page by page as it is touched: for 65 MB that was measured to take three
// times as long as all the arithmetic. A training step gives its backprop back
// and the next step asks for the same, so blocks that come back are kept. The
// operating system may take their pages at any time it wants memory
// (MADV_FREE), and blocks that nobody asks for are returned to it.
#ifndef KERAS_XENT_BASE_BACKPROP_MEMORY_H_
#define KERAS_XENT_BASE_BACKPROP_MEMORY_H_

#include <cstddef>

namespace keras_xent {

// At least `bytes` of memory, aligned to a page, or null: where the size is
// too small to be worth it, there is no memory, or this isn't Linux. Then the
// caller's usual allocator serves.
void* AllocateBackprop(size_t bytes);

// Takes back what AllocateBackprop() gave. Safe on any thread, at any time.
void FreeBackprop(void* data);

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_BACKPROP_MEMORY_H_
