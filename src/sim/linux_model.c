/*
 * The computers that a simulated rack may hold, as they name themselves.
 */
#include "rackmux/sim/rack.h"

#include <string.h>

static const char *const rk_zones[] = { "soc-thermal", "bigcore0-thermal",
	"bigcore1-thermal", "littlecore-thermal", "center-thermal",
	"gpu-thermal", "npu-thermal", NULL };

static const struct node_model models[] = {
	{
	    .id = "pi4",
	    .model = "Raspberry Pi 4 Model B Rev 1.5",
	    .kernel = "6.6.51+rpt-rpi-v8",
	    .os_name = "Debian GNU/Linux 12 (bookworm)",
	    .os_id = "debian",
	    .os_version = "12",
	    .user = "pi",
	    .password = "raspberry",
	    .iface = "eth0",
	    .cores = 4,
	    .mem_kb = 7998948,
	    .mhz = 1800,
	    .min_mhz = 600,
	    .vcgencmd = true,
	    .wlan = true,
	    .idle_rise = 14,
	    .load_rise = 24,
	    .throttle_at = 80,
	},
	{
	    .id = "pi5",
	    .model = "Raspberry Pi 5 Model B Rev 1.0",
	    .kernel = "6.6.51+rpt-rpi-2712",
	    .os_name = "Debian GNU/Linux 12 (bookworm)",
	    .os_id = "debian",
	    .os_version = "12",
	    .user = "pi",
	    .password = "raspberry",
	    .iface = "eth0",
	    .cores = 4,
	    .mem_kb = 8256032,
	    .mhz = 2400,
	    .min_mhz = 1500,
	    .vcgencmd = true,
	    .pmic = true,
	    .fan = true,
	    .wlan = true,
	    .idle_rise = 22,
	    .load_rise = 26,
	    .throttle_at = 80,
	},
	{
	    .id = "cm4",
	    .model = "Raspberry Pi Compute Module 4 Rev 1.1",
	    .kernel = "6.6.51+rpt-rpi-v8",
	    .os_name = "Debian GNU/Linux 12 (bookworm)",
	    .os_id = "debian",
	    .os_version = "12",
	    .user = "pi",
	    .password = "raspberry",
	    .iface = "eth0",
	    .cores = 4,
	    .mem_kb = 7998948,
	    .mhz = 1500,
	    .min_mhz = 600,
	    .vcgencmd = true,
	    .idle_rise = 16,
	    .load_rise = 24,
	    .throttle_at = 80,
	},
	{
	    .id = "cm5",
	    .model = "Raspberry Pi Compute Module 5 Rev 1.0",
	    .kernel = "6.6.51+rpt-rpi-2712",
	    .os_name = "Debian GNU/Linux 12 (bookworm)",
	    .os_id = "debian",
	    .os_version = "12",
	    .user = "pi",
	    .password = "raspberry",
	    .iface = "eth0",
	    .cores = 4,
	    .mem_kb = 8256032,
	    .mhz = 2400,
	    .min_mhz = 1500,
	    .vcgencmd = true,
	    .pmic = true,
	    .idle_rise = 20,
	    .load_rise = 28,
	    .throttle_at = 80,
	},
	{
	    .id = "rk1",
	    .model = "Turing Machines RK1",
	    .kernel = "5.10.160-rockchip",
	    .os_name = "Ubuntu 22.04.3 LTS",
	    .os_id = "ubuntu",
	    .os_version = "22.04",
	    .user = "ubuntu",
	    .password = "ubuntu",
	    .iface = "end0",
	    .cores = 8,
	    .mem_kb = 16208340,
	    .mhz = 2400,
	    .min_mhz = 408,
	    .zones = rk_zones,
	    .idle_rise = 12,
	    .load_rise = 30,
	    .throttle_at = 85,
	},
	{
	    .id = "blade3",
	    .model = "Mixtile Blade 3",
	    .kernel = "6.1.99-rockchip-rk3588",
	    .os_name = "Debian GNU/Linux 12 (bookworm)",
	    .os_id = "debian",
	    .os_version = "12",
	    .user = "mixtile",
	    .password = "mixtile",
	    .iface = "end0",
	    .cores = 8,
	    .mem_kb = 16208340,
	    .mhz = 2400,
	    .min_mhz = 408,
	    .fan = true,
	    .zones = rk_zones,
	    .idle_rise = 12,
	    .load_rise = 30,
	    .throttle_at = 85,
	},
	{
	    .id = "ubuntu",
	    .model = "Raspberry Pi 4 Model B Rev 1.4",
	    .kernel = "6.8.0-1013-raspi",
	    .os_name = "Ubuntu 24.04.1 LTS",
	    .os_id = "ubuntu",
	    .os_version = "24.04",
	    .user = "ubuntu",
	    .password = "ubuntu",
	    .iface = "eth0",
	    .cores = 4,
	    .mem_kb = 3881320,
	    .mhz = 1500,
	    .min_mhz = 600,
	    .wlan = true,
	    .idle_rise = 14,
	    .load_rise = 24,
	    .throttle_at = 80,
	},
};

const struct node_model *
node_model_find(const char *id)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(models); i++)
		if (strcmp(models[i].id, id) == 0)
			return &models[i];
	return NULL;
}

void
node_model_names(struct buf *out)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(models); i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", models[i].id);
}
