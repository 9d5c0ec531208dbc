#ifndef KERAS_XENT_OP_DEFINITIONS_H_
#define KERAS_XENT_OP_DEFINITIONS_H_

namespace keras_xent {

void RegisterOpDefinitions();

}  // namespace keras_xent

#endif  // KERAS_XENT_OP_DEFINITIONS_H_
