/*
 * mrd_state.c - the run-time file, and settings of the host that are put back.
 *
 * The file is written to a neighbour and renamed, so that it is whole at every
 * moment; not synced, since it does not outlive a boot. mr_state.h has its text.
 *
 * Layer: shell.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "mrd/mrd.h"

#define FILE_MAX (16 << 20) /* octets: far beyond 10000 guests */

/* ---- settings ---- */

static const struct mrd_was *
find_was(const struct mrd *d, const char *name)
{
	for (size_t i = 0; i < d->was_n; i++) {
		if (strcmp(d->was[i].name, name) == 0)
			return &d->was[i];
	}
	return NULL;
}

static int
remember(struct mrd *d, const char *name, const char *value)
{
	struct mrd_was *v;

	if (find_was(d, name))
		return 0;
	if (d->was_n == d->was_cap) {
		size_t cap = d->was_cap ? 2 * d->was_cap : 16;

		v = realloc(d->was, cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		d->was = v;
		d->was_cap = cap;
	}
	v = &d->was[d->was_n++];
	(void)snprintf(v->name, sizeof(v->name), "%s", name);
	(void)snprintf(v->value, sizeof(v->value), "%s", value);
	return 0;
}

/* Does it have to be changed? Then what it was is remembered. */
static bool
must_change(struct mrd *d, const struct mr_setting *s, int *ret_error)
{
	char value[KERN_SETTING_VALUE_MAX];
	int r = kern_setting_get(d->kern, s->name, value);

	if (r < 0) {
		*ret_error = r;
		return false;
	}
	if (strcmp(value, s->value) == 0 || (s->unless[0] && strcmp(value, s->unless) == 0))
		return false;
	r = remember(d, s->name, value);
	if (r < 0)
		*ret_error = r;
	return r == 0;
}

int
mrd_settings_make(struct mrd *d, const struct mr_setting *v, size_t n)
{
	bool change[32] = { false };
	size_t changes = 0;
	int r = 0;

	for (size_t i = 0; i < n && i < countof(change); i++) {
		change[i] = must_change(d, &v[i], &r);
		changes += change[i];
	}
	if (changes > 0)
		mrd_save(d);
	for (size_t i = 0; i < n && i < countof(change); i++) {
		int error = change[i] ? kern_setting_set(d->kern, v[i].name, v[i].value) : 0;

		if (error < 0) {
			log_warn("kern", "cannot change a setting of the host, going on",
			    "setting=\"%s\" value=%s: %s", v[i].name, v[i].value, strerror(-error));
			r = error;
		}
	}
	return r;
}

void
mrd_settings_put_back(struct mrd *d)
{
	int r;

	while (d->was_n > 0) {
		const struct mrd_was *w = &d->was[--d->was_n];

		r = kern_setting_set(d->kern, w->name, w->value);
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			log_warn("kern", "cannot put a setting back", "setting=\"%s\" value=%s: %s",
			    w->name, w->value, strerror(-r));
	}
}

/* ---- writing ---- */

static int
write_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, s, n);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			s += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

static int
replace(const char *path, const struct mr_text *t)
{
	char next[MR_PATH_MAX + 8];
	int fd, r;

	(void)snprintf(next, sizeof(next), "%s.new", path);
	fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, t->s, t->n);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(next, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(next);
	return r;
}

void
mrd_save(struct mrd *d)
{
	struct mr_text t = { 0 };
	int r;

	mr_state_put_head(&t);
	for (size_t i = 0; i < d->was_n; i++)
		mr_state_put_was(&t, d->was[i].name, d->was[i].value);
	if (d->mr)
		mr_save(d->mr, &t);
	r = t.bad ? -ENOMEM : replace(d->conf.state, &t);
	mr_text_done(&t);
	/* Guests go on; only a restart would not know of them. Said once. */
	if (r < 0 && !d->unsaved)
		log_err("state", "cannot write the run-time file", "file=%s: %s", d->conf.state,
		    strerror(-r));
	d->unsaved = r < 0;
}

void
mrd_forget_state(struct mrd *d)
{
	if (unlink(d->conf.state) < 0 && errno != ENOENT)
		log_warn("state", "cannot remove the run-time file", "file=%s: %s", d->conf.state,
		    strerror(errno));
}

/* ---- reading ---- */

/* The whole file, NUL-terminated, or NULL; a file that does not exist is empty. */
static char *
read_all(const char *path)
{
	FILE *in = fopen(path, "re");
	char *s = NULL;
	size_t n = 0;
	struct stat st;

	if (!in && errno == ENOENT)
		return calloc(1, 1);
	if (in && fstat(fileno(in), &st) == 0 && st.st_size <= FILE_MAX)
		s = malloc((size_t)st.st_size + 1);
	if (s) {
		n = fread(s, 1, (size_t)st.st_size, in);
		s[n] = '\0';
	}
	if (!s)
		log_err("state", "cannot read the run-time file, starting without", "file=%s: %s",
		    path, strerror(errno));
	if (in)
		fclose(in);
	return s;
}

/* Call fn for each line that can be read. */
static void
each_line(struct mrd *d, void (*fn)(struct mrd *d, const struct mr_state_line *line))
{
	char *s = read_all(d->conf.state);
	struct mr_state_line line;
	int number = 1;

	for (const char *at = s; at && *at; number++) {
		size_t n = strcspn(at, "\n");

		if (mr_state_get(at, n, &line) < 0)
			log_warn(
			    "state", "ignoring a line of the run-time file", "line=%d", number);
		else
			fn(d, &line);
		at += n + (at[n] == '\n');
	}
	free(s);
}

static void
take_was(struct mrd *d, const struct mr_state_line *line)
{
	if (line->kind == MR_STATE_WAS)
		(void)remember(d, line->was.name, line->was.value); /* no memory: not put back */
}

static void
take_guest(struct mrd *d, const struct mr_state_line *line)
{
	const struct mr_state_guest *g = &line->guest;
	struct tick now = daemon_now();
	int r;

	if (line->kind != MR_STATE_GUEST)
		return;
	r = mr_restore(d->mr, g, &now);
	if (r < 0)
		log_warn(
		    "state", "cannot restore a guest", "name=%s: %s", g->conf.name, strerror(-r));
	else
		log_info("state", "guest restored", "name=%s state=%s", g->conf.name,
		    mr_guest_state_name(g->state));
}

void
mrd_was_load(struct mrd *d)
{
	each_line(d, take_was);
}

void
mrd_restore(struct mrd *d)
{
	each_line(d, take_guest);
}
