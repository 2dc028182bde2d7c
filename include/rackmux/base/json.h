/*
 * json - the one door to jansson.
 *
 * A struct json is owned by its reader unless it was got from another one.
 */
#ifndef RM_BASE_JSON_H
#define RM_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct json;

/* NULL when it is no JSON; err (may be NULL) says why. */
struct json	*json_parse(const char *, size_t len, char *err, size_t size);
struct json	*json_new_object(void);
struct json	*json_new_array(void);
void		 json_free(struct json *);

/* Reading; NULL in gives NULL or false out. Borrowed from the parent. */
struct json	*json_get(const struct json *, const char *key);
struct json	*json_at(const struct json *, size_t index);
size_t		 json_size(const struct json *);
bool		 json_is_array(const struct json *);
bool		 json_is_object(const struct json *);
const char	*json_str(const struct json *);		/* NULL if not one */
bool		 json_num(const struct json *, double *);
bool		 json_bool(const struct json *, bool *);

/* Writing: the parent takes over what is added. Strings that are not UTF-8
 * are cleaned. NULL strings and false "known" become null. */
void		 json_set(struct json *, const char *key, struct json *);
void		 json_set_str(struct json *, const char *key, const char *);
void		 json_set_num(struct json *, const char *key, double);
void		 json_set_int(struct json *, const char *key, long long);
void		 json_set_bool(struct json *, const char *key, bool);
void		 json_set_null(struct json *, const char *key);
void		 json_add(struct json *, struct json *);
void		 json_add_str(struct json *, const char *);
/* One line, keys in the order in which they were set; caller frees. */
char		*json_text(const struct json *);

#endif
