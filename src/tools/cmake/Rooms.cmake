# How a room is built: one static library a folder, which sees exactly the rooms and libraries it names.

add_library(ecs_local_flags INTERFACE)
target_compile_definitions(ecs_local_flags INTERFACE _GNU_SOURCE)
target_compile_options(ecs_local_flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wswitch-enum)
if(ECS_LOCAL_WERROR)
  target_compile_options(ecs_local_flags INTERFACE -Werror)
endif()
if(ECS_LOCAL_SANITIZE)
  target_compile_options(ecs_local_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(ecs_local_flags INTERFACE -fsanitize=address,undefined)
endif()
if(ECS_LOCAL_TSAN)
  target_compile_options(ecs_local_flags INTERFACE -fsanitize=thread)
  target_link_options(ecs_local_flags INTERFACE -fsanitize=thread)
endif()
if(ECS_LOCAL_FUZZ)
  target_compile_options(ecs_local_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ECS_LOCAL_COVERAGE)
  target_compile_options(ecs_local_flags INTERFACE --coverage)
  target_link_options(ecs_local_flags INTERFACE --coverage)
endif()
if(ECS_LOCAL_HARDEN)
  target_compile_options(ecs_local_flags INTERFACE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
    -fstack-clash-protection -fPIE)
  target_link_options(ecs_local_flags INTERFACE -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
endif()
if(ECS_LOCAL_CHECK_REPLIES)
  target_compile_definitions(ecs_local_flags INTERFACE ECS_LOCAL_CHECK_REPLIES)
endif()

# ecs_local_room(NAME [USES libraries…]): every .c below the current folder becomes libNAME.a (target room_NAME).
# A generated source is added by the room's own CMakeLists.txt with target_sources().
function(ecs_local_room name)
  cmake_parse_arguments(ROOM "" "" "USES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  add_library(room_${name} STATIC ${sources})
  set_target_properties(room_${name} PROPERTIES OUTPUT_NAME ${name} LINKER_LANGUAGE C)
  target_include_directories(room_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(room_${name} PUBLIC ${ROOM_USES} PRIVATE ecs_local_flags)
endfunction()
