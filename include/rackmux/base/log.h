/*
 * log - the diary for whoever debugs. Never the terminal: a file, or nothing.
 * Never a secret.
 */
#ifndef RM_BASE_LOG_H
#define RM_BASE_LOG_H

#include "rackmux/base/mem.h"

enum log_level { LOG_LV_ERROR, LOG_LV_WARN, LOG_LV_INFO, LOG_LV_DEBUG };

/* Append to path (mode 0600, not followed through a link). -errno or 0. */
int	 log_open(const char *path, enum log_level);
void	 log_close(void);
void	 log_line(enum log_level, const char *fmt, ...) RM_PRINTF(2, 3);

#define log_error(...)	log_line(LOG_LV_ERROR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_LV_WARN, __VA_ARGS__)
#define log_info(...)	log_line(LOG_LV_INFO, __VA_ARGS__)
#define log_debug(...)	log_line(LOG_LV_DEBUG, __VA_ARGS__)

#endif
