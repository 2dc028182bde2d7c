/* A blade's answers, its agent's and bladectl's, end a round exactly once. */
#include "drive.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return drive(&driver_compute_blade, 2, data, len);
}
