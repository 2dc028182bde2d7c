#include "rackmux/driver/driver.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What every driver says in the same words. Whether a lost command ran is the
 * link's to know; here its outcome only becomes a reason.
 */

const char *
source_name(enum source s)
{
	static const char *const names[] = { [SOURCE_BOARD] = "board",
		[SOURCE_NODE] = "node",
		[SOURCE_FEED] = "feed",
		[SOURCE_COMMANDED] = "commanded",
		[SOURCE_DERIVED] = "derived" };

	return (size_t)s < ARRAY_LEN(names) ? names[s] : "?";
}

const char *
act_name(enum act a)
{
	static const char *const names[ACT_MAX] = {
		[ACT_POWER_ON] = "power.on",
		[ACT_POWER_OFF] = "power.off",
		[ACT_POWER_CYCLE] = "power.cycle",
		[ACT_POWER_RESET] = "power.reset",
		[ACT_POWER_SOFT] = "power.soft",
		[ACT_LOCATE_ON] = "locate.on",
		[ACT_LOCATE_OFF] = "locate.off",
		[ACT_CONSOLE] = "console",
		[ACT_FLASH] = "flash",
		[ACT_USB_BOOT] = "usb.boot",
	};

	return (size_t)a < ACT_MAX ? names[a] : "?";
}

void
drv_number(struct drv *d, int slot, enum name_id id, const char *instance,
    enum source source, double number)
{
	drv_number_noted(d, slot, id, instance, source, number, NULL);
}

void
drv_number_noted(struct drv *d, int slot, enum name_id id, const char *instance,
    enum source source, double number, const char *note)
{
	struct reading r = { .id = id,
		.instance = instance,
		.source = source,
		.known = true,
		.number = number,
		.why = note };

	d->sink.set(d->sink_arg, slot, &r);
}

void
drv_text(struct drv *d, int slot, enum name_id id, const char *instance,
    enum source source, const char *text)
{
	drv_text_noted(d, slot, id, instance, source, text, NULL);
}

void
drv_text_noted(struct drv *d, int slot, enum name_id id, const char *instance,
    enum source source, const char *text, const char *note)
{
	struct reading r = { .id = id,
		.instance = instance,
		.source = source,
		.known = true,
		.text = text,
		.why = note };

	d->sink.set(d->sink_arg, slot, &r);
}

void
drv_unknown(struct drv *d, int slot, enum name_id id, const char *instance,
    enum source source, const char *why)
{
	struct reading r = { .id = id,
		.instance = instance,
		.source = source,
		.known = false,
		.why = why };

	d->sink.set(d->sink_arg, slot, &r);
}

void
drv_slots_missing(
    struct drv *d, int slots, const struct drv_missing *missing, size_t n)
{
	for (int slot = 1; slot <= slots; slot++)
		for (size_t i = 0; i < n; i++)
			drv_unknown(d, slot, missing[i].id, NULL, SOURCE_BOARD,
			    missing[i].why);
}

void
drv_fresh(struct drv *d)
{
	d->sink.fresh(d->sink_arg);
}

static enum link_why
why_of(enum link_outcome o)
{
	switch (o) {
	case LINK_TIMED_OUT:
		return LINK_WHY_SILENT;
	case LINK_DIED:
	case LINK_NOT_SENT:
		return LINK_WHY_RESET;
	case LINK_CANNOT:
		return LINK_WHY_SHELL;
	case LINK_CANCELLED:
	case LINK_DONE:
		break;
	}
	return LINK_WHY_PROTOCOL;
}

void
drv_stale(struct drv *d, const struct link_result *r)
{
	const char *why = r->why;

	if (why == NULL || *why == '\0')
		why = r->outcome == LINK_DONE
		    ? "the answer was no answer to what was asked"
		    : "no answer";
	d->sink.stale(d->sink_arg, why_of(r->outcome), why);
}

static const struct driver_setting *
setting_of(const struct driver *driver, const char *key)
{
	const struct driver_setting *s = driver->settings;

	for (; s != NULL && s->key != NULL; s++)
		if (strcmp(s->key, key) == 0)
			return s;
	return NULL;
}

const char *
drv_setting(const struct drv *d, const char *key)
{
	const struct driver_setting *s = setting_of(d->driver, key);

	for (size_t i = 0; i < d->config.n_settings; i++)
		if (strcmp(d->config.settings[i].key, key) == 0)
			return d->config.settings[i].text;
	return s != NULL ? s->standard : "";
}

double
drv_setting_number(const struct drv *d, const char *key)
{
	double v = 0;

	return str_double(drv_setting(d, key), &v) ? v : 0;
}

bool
drv_setting_bool(const struct drv *d, const char *key)
{
	return strcmp(drv_setting(d, key), "true") == 0;
}
