#include "co.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "rackmux/base/mem.h"

/*
 * ucontext on stacks of mapped memory, of which only touched pages cost
 * anything: hundreds of shells wait here at the same time. A page below each
 * stack faults on overflow. AddressSanitizer is told of each switch, or it
 * takes the other stack for an overrun.
 */

#if defined(__SANITIZE_ADDRESS__)
#define CO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CO_ASAN 1
#endif
#endif

#ifdef CO_ASAN
#include <sanitizer/common_interface_defs.h>
#define STACK_SIZE (512 * 1024) /* its frames are far larger */
#else
#define STACK_SIZE (192 * 1024)
#endif

#define POOL_MAX 64
#define TRIM_KEEP 4096 /* below the mark: what swapcontext itself needs */

struct co {
	ucontext_t self, back;
	char *stack;
	void (*fn)(void *arg);
	void *arg;
	bool done;
	char *mark; /* about where its stack ended when it yielded */
#ifdef CO_ASAN
	void *fake_self, *fake_back;
	const void *back_stack;
	size_t back_size;
#endif
};

static char *pool[POOL_MAX];
static int n_pool;

static char *
stack_get(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p;

	if (n_pool > 0)
		return pool[--n_pool];
	p = mmap(NULL, STACK_SIZE + (size_t)page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (p == MAP_FAILED)
		abort();
	mprotect(p, (size_t)page, PROT_NONE);
	return p + page;
}

static void
stack_put(char *stack)
{
	long page = sysconf(_SC_PAGESIZE);

	if (n_pool < POOL_MAX) {
		/* The pages go back to the system, the mapping stays. */
		madvise(stack, STACK_SIZE, MADV_DONTNEED);
		pool[n_pool++] = stack;
		return;
	}
	munmap(stack - page, STACK_SIZE + (size_t)page);
}

static void
enter_switch(struct co *c)
{
#ifdef CO_ASAN
	__sanitizer_start_switch_fiber(&c->fake_back, c->stack, STACK_SIZE);
#endif
	swapcontext(&c->back, &c->self);
#ifdef CO_ASAN
	__sanitizer_finish_switch_fiber(c->fake_back, NULL, NULL);
#endif
}

/* makecontext passes ints only, so a pointer comes in two halves. */
static void
trampoline(unsigned hi, unsigned lo)
{
	struct co *c = (struct co *)(((uintptr_t)hi << 32) | (uintptr_t)lo);

#ifdef CO_ASAN
	__sanitizer_finish_switch_fiber(NULL, &c->back_stack, &c->back_size);
#endif
	c->fn(c->arg);
	c->done = true;
#ifdef CO_ASAN
	__sanitizer_start_switch_fiber(NULL, c->back_stack, c->back_size);
#endif
	swapcontext(&c->self, &c->back);
}

struct co *
co_new(void (*fn)(void *arg), void *arg)
{
	struct co *c = mem_alloc(sizeof *c);
	uintptr_t p = (uintptr_t)c;

	c->fn = fn;
	c->arg = arg;
	c->stack = stack_get();
	getcontext(&c->self);
	c->self.uc_stack.ss_sp = c->stack;
	c->self.uc_stack.ss_size = STACK_SIZE;
	c->self.uc_link = NULL;
	makecontext(&c->self, (void (*)(void))trampoline, 2,
	    (unsigned)(p >> 32), (unsigned)(p & 0xffffffffu));
	return c;
}

void
co_free(struct co *c)
{
	if (c == NULL)
		return;
	stack_put(c->stack);
	free(c);
}

void
co_resume(struct co *c)
{
	if (!c->done)
		enter_switch(c);
}

void
co_trim(struct co *c)
{
	long page = sysconf(_SC_PAGESIZE);
	uintptr_t low = (uintptr_t)c->stack;
	uintptr_t end =
	    ((uintptr_t)c->mark - TRIM_KEEP) & ~((uintptr_t)page - 1);

	if (c->mark != NULL && !c->done && end > low)
		madvise(c->stack, end - low, MADV_DONTNEED);
}

void
co_wait(struct co *c)
{
	char here;

	/* Only its address counts. */
	c->mark = (char *)(uintptr_t)&here;
#ifdef CO_ASAN
	__sanitizer_start_switch_fiber(
	    &c->fake_self, c->back_stack, c->back_size);
#endif
	swapcontext(&c->self, &c->back);
#ifdef CO_ASAN
	__sanitizer_finish_switch_fiber(
	    c->fake_self, &c->back_stack, &c->back_size);
#endif
}

bool
co_done(const struct co *c)
{
	return c->done;
}
