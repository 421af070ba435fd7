-- The images of a sent job: 32 raw bytes per task, the digest of what its last successful attempt
-- made, all zero where none was told. A retried task keeps its old one: only while its state is
-- succeeded does it count. farm/store/images.py reads the same layout.
-- KEYS: derived, see _keys.lua. Returns: helpers for the steps.
local IMAGE_BYTES = 32

local RAW -- two hex digits -> the byte; made when first used, since a library has no `string` before
local function raw(hex)
  if not RAW then
    RAW = {}
    for byte = 0, 255 do RAW[string.format('%02x', byte)] = string.char(byte) end
  end
  return (string.gsub(hex, '%x%x', RAW))
end

local function note_image(layer, index, digest)
  if digest == '' then return end
  redis.call('SETRANGE', images_key(layer.id), index * IMAGE_BYTES, raw(digest))
end

-- How many succeeded tasks of a sent layer have no image; 0 of another layer.
local function without_image(layer, bytes)
  if redis.call('HGET', layer.key, 'sent') ~= '1' then return 0 end
  local images, at, count = redis.call('GET', images_key(layer.id)) or '', 0, 0
  while true do
    at = string.find(bytes, TASK_BYTES.succeeded, at + 1, true)
    if not at then return count end
    local image = string.sub(images, (at - 1) * IMAGE_BYTES + 1, at * IMAGE_BYTES)
    if #image < IMAGE_BYTES or not string.find(image, '%Z') then count = count + 1 end
  end
end
