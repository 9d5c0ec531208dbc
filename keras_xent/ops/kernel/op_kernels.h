#ifndef KERAS_XENT_OP_KERNELS_H_
#define KERAS_XENT_OP_KERNELS_H_

namespace keras_xent {

void RegisterOpKernels();

}  // namespace keras_xent

#endif  // KERAS_XENT_OP_KERNELS_H_
