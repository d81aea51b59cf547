/* A Vulkan driver that passes everything on to another one (REAL_DRIVER, a library) until the file GPU_LOST exists:
   from then on the device is lost, as after a crash of the driver or with a card that was pulled out. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICE_LOST (-4)

typedef void (*Function)(void);
typedef Function (*Lookup)(void *, const char *);

static int (*real_submit)(void *, uint32_t, const void *, uint64_t);
static int (*real_wait)(void *, uint32_t, const uint64_t *, uint32_t, uint64_t);
static int (*real_status)(void *, uint64_t);
static Lookup real_device_lookup;

static void *from_driver(const char *name) {
  static void *driver;
  if (!driver) driver = dlopen(getenv("REAL_DRIVER"), RTLD_NOW);
  return driver ? dlsym(driver, name) : NULL;
}

static int is_lost(void) { return access(getenv("GPU_LOST"), F_OK) == 0; }

static int submit(void *queue, uint32_t count, const void *what, uint64_t fence) {
  return is_lost() ? DEVICE_LOST : real_submit(queue, count, what, fence);
}

static int wait_for(void *device, uint32_t count, const uint64_t *fences, uint32_t all, uint64_t limit) {
  return is_lost() ? DEVICE_LOST : real_wait(device, count, fences, all, limit);
}

static int status(void *device, uint64_t fence) { return is_lost() ? DEVICE_LOST : real_status(device, fence); }

static Function device_lookup(void *device, const char *name);

static Function instead_of(const char *name, Function real) {
  if (!real) return real;
  if (!strcmp(name, "vkQueueSubmit")) return real_submit = (void *)real, (Function)submit;
  if (!strcmp(name, "vkWaitForFences")) return real_wait = (void *)real, (Function)wait_for;
  if (!strcmp(name, "vkGetFenceStatus")) return real_status = (void *)real, (Function)status;
  if (!strcmp(name, "vkGetDeviceProcAddr")) return real_device_lookup = (Lookup)real, (Function)device_lookup;
  return real;
}

static Function device_lookup(void *device, const char *name) {
  return instead_of(name, real_device_lookup(device, name));
}

Function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  Lookup lookup = (Lookup)from_driver("vk_icdGetInstanceProcAddr");
  return lookup ? instead_of(name, lookup(instance, name)) : NULL;
}

Function vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  Lookup lookup = (Lookup)from_driver("vk_icdGetPhysicalDeviceProcAddr");
  return lookup ? lookup(instance, name) : NULL;
}

int vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  int (*negotiate)(uint32_t *) = from_driver("vk_icdNegotiateLoaderICDInterfaceVersion");
  return negotiate ? negotiate(version) : 0;
}
