#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own mutation of a buffer in place; gives the new size.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);
