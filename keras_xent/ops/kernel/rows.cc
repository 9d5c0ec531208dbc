// The row kernels of one instruction set. Compiled once for each, with
// KERAS_XENT_ISA naming the namespace and the compiler's flags the instructions.
#include "rows.h"

#include "scale.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

extern const InstructionSet kInstructionSet;
const InstructionSet kInstructionSet = {
    KERAS_XENT_ISA_NAME,
    {&Rows<Half>, &ScaleRange<Half>},
    {&Rows<BFloat16>, &ScaleRange<BFloat16>},
    {&Rows<float>, &ScaleRange<float>},
    {&Rows<double>, &ScaleRange<double>},
};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent
