/* log.c - see log.h. */
#include "common/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/base/base.h"

enum {
	LINE_MAX_OCTETS = 1024,
	MODULE_MAX = 16,  /* octets of a module's name with its NUL */
	MODULES_MAX = 32, /* both daemons together have about a dozen */
	BURST = 10,	  /* limited lines per module in a second */
};

struct limit {
	char module[MODULE_MAX];
	int64_t since_ms; /* the second that is being counted began */
	unsigned lines, suppressed;
};

/* The process has one stderr, so there is one of these. */
static struct {
	const char *program;
	bool journal;
	char debug[MODULES_MAX][MODULE_MAX];
	size_t debugs;
	struct limit limits[MODULES_MAX];
	size_t n_limits;
} g = { .program = "homeport" };

/* sd_journal's rule: our stderr is the journal's if it is the file JOURNAL_STREAM names. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(fileno(stderr), &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void
log_open(const char *program)
{
	memset(&g, 0, sizeof(g));
	g.program = program;
	g.journal = stderr_is_journal();
}

/* ---- the debug filter ---- */

static size_t
find_debug(const char *module)
{
	size_t i = 0;

	while (i < g.debugs && strcmp(g.debug[i], module) != 0)
		i++;
	return i;
}

bool
log_debug_is_on(const char *module)
{
	return g.debugs > 0 && (find_debug("all") < g.debugs || find_debug(module) < g.debugs);
}

/* The next word of a list with commas, in word; 0 at its end, -EINVAL if it is no name. */
static int
next_module(const char **list, char word[static MODULE_MAX])
{
	size_t n = strcspn(*list, ",");

	if (n == 0 || n >= MODULE_MAX)
		return -EINVAL;
	memcpy(word, *list, n);
	word[n] = '\0';
	*list += n;
	if (**list == ',' && (*list)[1])
		(*list)++;
	return 1;
}

/* Call fn with each module of the list, after a look at all of them. */
static int
each_module(const char *list, void (*fn)(const char *module))
{
	char word[MODULE_MAX];
	const char *p = list;
	size_t n = 0;

	do {
		if (next_module(&p, word) < 0 || ++n > MODULES_MAX)
			return -EINVAL;
	} while (*p);
	for (p = list; *p;) {
		next_module(&p, word);
		fn(word);
	}
	return 0;
}

static void
debug_on(const char *module)
{
	if (find_debug(module) == g.debugs && g.debugs < MODULES_MAX)
		memcpy(g.debug[g.debugs++], module, strlen(module) + 1);
}

static void
debug_off(const char *module)
{
	size_t i = find_debug(module);

	if (strcmp(module, "all") == 0)
		g.debugs = 0;
	else if (i < g.debugs)
		memmove(g.debug[i], g.debug[--g.debugs], MODULE_MAX);
}

int
log_debug_on(const char *modules)
{
	return each_module(modules, debug_on);
}

int
log_debug_off(const char *modules)
{
	return each_module(modules, debug_off);
}

/* ---- lines ---- */

__attribute__((format(printf, 4, 0))) static void
put(enum log_level level, const char *module, const char *text, const char *fmt, va_list ap)
{
	/* sd-daemon(3): LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG. */
	static const char *const priority[] = {
		[LOG_LEVEL_ERR] = "<3>",
		[LOG_LEVEL_WARN] = "<4>",
		[LOG_LEVEL_INFO] = "<6>",
		[LOG_LEVEL_DEBUG] = "<7>",
	};
	char line[LINE_MAX_OCTETS];
	size_t n = 0, start;

	n += (size_t)snprintf(line, sizeof(line), "%s", g.journal ? priority[level] : "");
	start = n;
	n += (size_t)snprintf(line + n, sizeof(line) - n, "%s: %s: %s", g.program, module, text);
	if (n < sizeof(line) - 1 && fmt && *fmt) {
		line[n++] = ' ';
		n += (size_t)vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	}
	if (n > sizeof(line) - 1)
		n = sizeof(line) - 1;
	/* One call is one line, whatever a value holds. */
	for (size_t i = start; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	fwrite(line, 1, n, stderr);
}

__attribute__((format(printf, 4, 5))) static void
say(enum log_level level, const char *module, const char *text, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(level, module, text, fmt, ap);
	va_end(ap);
}

static int64_t
monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Begin a new second where one is over, and say what the old one hid. */
static void
turn_seconds(int64_t now_ms)
{
	for (size_t i = 0; i < g.n_limits; i++) {
		struct limit *l = &g.limits[i];
		unsigned suppressed = l->suppressed;

		if (now_ms - l->since_ms < 1000)
			continue;
		l->since_ms = now_ms;
		l->lines = l->suppressed = 0;
		if (suppressed > 0)
			say(LOG_LEVEL_WARN, l->module, "lines suppressed", "count=%u", suppressed);
	}
}

static struct limit *
limit_of(const char *module, int64_t now_ms)
{
	struct limit *l = g.limits;

	while (l < g.limits + g.n_limits && strncmp(l->module, module, MODULE_MAX - 1) != 0)
		l++;
	if (l == g.limits + MODULES_MAX)
		return l - 1; /* the last is shared by all that came too late */
	if (l == g.limits + g.n_limits) {
		g.n_limits++;
		snprintf(l->module, sizeof(l->module), "%s", module);
		l->since_ms = now_ms;
	}
	return l;
}

void
log_line(enum log_level level, const char *module, const char *text, const char *fmt, ...)
{
	va_list ap;

	if (level == LOG_LEVEL_DEBUG && !log_debug_is_on(module))
		return;
	if (g.n_limits > 0)
		turn_seconds(monotonic_ms());
	va_start(ap, fmt);
	put(level, module, text, fmt, ap);
	va_end(ap);
}

void
log_limited(enum log_level level, const char *module, const char *text, const char *fmt, ...)
{
	struct limit *l;
	int64_t now_ms;
	va_list ap;

	if (level == LOG_LEVEL_DEBUG && !log_debug_is_on(module))
		return;
	now_ms = monotonic_ms();
	turn_seconds(now_ms);
	l = limit_of(module, now_ms);
	if (l->lines == BURST) {
		l->suppressed++;
		return;
	}
	l->lines++;
	va_start(ap, fmt);
	put(level, module, text, fmt, ap);
	va_end(ap);
}
