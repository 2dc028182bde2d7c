/* A box's answers, nodectl's JSON among them, end a round exactly once. */
#include "drive.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return drive(&driver_cluster_box, 0, data, len);
}
