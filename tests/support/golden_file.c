#include "support/golden_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

void golden_attribute(hid_t group, const char *name, hid_t type, void *value)
{
    hid_t attribute = H5Aopen(group, name, H5P_DEFAULT);
    assert_true(attribute >= 0 && H5Aread(attribute, type, value) >= 0);
    H5Aclose(attribute);
}

size_t golden_floats(hid_t group, const char *name, float *value, size_t most)
{
    hid_t dataset = H5Dopen2(group, name, H5P_DEFAULT), space = H5Dget_space(dataset);
    hssize_t n = H5Sget_simple_extent_npoints(space);
    assert_true(n >= 0 && (size_t)n <= most);
    assert_true(n == 0 || H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0);
    H5Sclose(space);
    H5Dclose(dataset);
    return (size_t)n;
}

float golden_hashed(uint64_t stream, uint64_t i)
{
    uint64_t z = (stream << 32) + i + 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    z = z ^ (z >> 31);
    return (float)(z >> 40) * 0x1p-24F;
}
