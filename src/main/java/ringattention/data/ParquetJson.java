package ringattention.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/**
 * Rows of Parquet as JSON: lists and maps as its specification says (LogicalTypes.md, with the
 * rules for files of older writers), other groups as objects. What is null is left out of an
 * object.
 */
final class ParquetJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private ParquetJson() {}

  /** Returns whether JSON has all values of a column: no 96-bit times, nor numbers of more bits. */
  static boolean isKnown(Type type) {
    if (!type.isPrimitive()) {
      return type.asGroupType().getFields().stream().allMatch(ParquetJson::isKnown);
    }
    return switch (type.asPrimitiveType().getPrimitiveTypeName()) {
      case INT96, FIXED_LEN_BYTE_ARRAY -> false;
      case BINARY ->
          !(type.getLogicalTypeAnnotation()
              instanceof LogicalTypeAnnotation.DecimalLogicalTypeAnnotation);
      default -> true;
    };
  }

  /** Returns a row, or a group of other values, as an object. */
  static ObjectNode object(Group group) {
    ObjectNode object = NODES.objectNode();
    GroupType type = group.getType();
    for (int field = 0; field < type.getFieldCount(); field++) {
      Type of = type.getType(field);
      if (of.isRepetition(Type.Repetition.REPEATED)) {
        ArrayNode list = object.putArray(of.getName());
        for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
          list.add(value(group, field, i));
        }
      } else if (group.getFieldRepetitionCount(field) > 0) {
        object.set(of.getName(), value(group, field, 0));
      }
    }
    return object;
  }

  private static JsonNode value(Group group, int field, int index) {
    Type type = group.getType().getType(field);
    if (type.isPrimitive()) {
      return primitive(group, field, index, type.asPrimitiveType());
    }
    Group inner = group.getGroup(field, index);
    LogicalTypeAnnotation kind = type.getLogicalTypeAnnotation();
    if (inner.getType().getFieldCount() == 1
        && inner.getType().getType(0).isRepetition(Type.Repetition.REPEATED)) {
      if (kind instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation) {
        return list(inner, type.getName());
      }
      if (kind instanceof LogicalTypeAnnotation.MapLogicalTypeAnnotation) {
        return map(inner);
      }
    }
    return object(inner);
  }

  /** A list has a repeated group with one element; or, of older writers, elements themselves. */
  private static ArrayNode list(Group list, String name) {
    ArrayNode all = NODES.arrayNode();
    Type repeated = list.getType().getType(0);
    boolean isElement =
        repeated.isPrimitive()
            || repeated.asGroupType().getFieldCount() != 1
            || repeated.getName().equals("array")
            || repeated.getName().equals(name + "_tuple");
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      if (isElement) {
        all.add(value(list, 0, i));
      } else {
        Group element = list.getGroup(0, i);
        boolean isNull = element.getFieldRepetitionCount(0) == 0;
        all.add(isNull ? NODES.nullNode() : value(element, 0, 0));
      }
    }
    return all;
  }

  private static ObjectNode map(Group map) {
    ObjectNode all = NODES.objectNode();
    for (int i = 0; i < map.getFieldRepetitionCount(0); i++) {
      Group entry = map.getGroup(0, i);
      if (entry.getFieldRepetitionCount(1) > 0) {
        all.set(value(entry, 0, 0).asText(), value(entry, 1, 0));
      }
    }
    return all;
  }

  private static JsonNode primitive(Group group, int field, int index, PrimitiveType type) {
    return switch (type.getPrimitiveTypeName()) {
      case BINARY -> text(group.getBinary(field, index).toByteBuffer());
      case INT32 -> NODES.numberNode(group.getInteger(field, index));
      case INT64 -> NODES.numberNode(group.getLong(field, index));
      case BOOLEAN -> NODES.booleanNode(group.getBoolean(field, index));
      case FLOAT -> NODES.numberNode(group.getFloat(field, index));
      case DOUBLE -> NODES.numberNode(group.getDouble(field, index));
      default -> throw new IllegalArgumentException("a column of " + type); // see isKnown
    };
  }

  /** Returns bytes as the text that they are, or as no text: older writers do not say which. */
  private static JsonNode text(ByteBuffer bytes) {
    try {
      return NODES.textNode(
          StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString());
    } catch (CharacterCodingException notUtf8) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.duplicate().get(copy);
      return NODES.binaryNode(copy);
    }
  }
}
