/* A node's answers, whatever they are, end a round exactly once. */
#include "drive.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return drive(&driver_linux, 1, data, len);
}
