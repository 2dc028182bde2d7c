/*
 * drivers - the drivers there are. The table (table.c) lists those that a
 * configuration may name; skel is a template, built and tested but not in it.
 */
#ifndef RM_DRIVER_DRIVERS_H
#define RM_DRIVER_DRIVERS_H

#include "rackmux/driver/driver.h"

extern const struct driver driver_turing_pi;
extern const struct driver driver_compute_blade;
extern const struct driver driver_cluster_box;
extern const struct driver driver_mini_cm4;
extern const struct driver driver_command;
extern const struct driver driver_linux;
extern const struct driver driver_skel;

/* Power feeds: feed_table.c. */
extern const struct driver feed_unifi;
extern const struct driver feed_routeros;
extern const struct driver feed_snmp;
extern const struct driver feed_tasmota;
extern const struct driver feed_shelly;
extern const struct driver feed_command;

#endif
