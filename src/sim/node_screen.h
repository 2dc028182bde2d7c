/*
 * node_screen - commands of a node that draw, or print for measuring.
 */
#ifndef RM_SIM_NODE_SCREEN_H
#define RM_SIM_NODE_SCREEN_H

#include "rackmux/sim/rack.h"

command_fn cmd_top, cmd_htop, cmd_pattern;

#endif
