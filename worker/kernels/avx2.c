/* avx2.c - the kernels for AVX2 and FMA. Everything is in the .inc files, written once over
 * the vectors of simd.h. */
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

#include "kernels/simd.h"

#include "pool.inc"
#include "winograd.inc"
#include "unpooled.inc"
#include "colour.inc"
#include "sparse.inc"
#include "padded.inc"
#include "dense.inc"
#include "descent.inc"
#include "dropout.inc"
#include "rows.inc"
#include "direct.inc"
#include "product.inc"
#include "norm.inc"
#include "peak.inc"

#define KERNELS  kernels_avx2
#define ISA_NAME "avx2"
#include "table.inc"
